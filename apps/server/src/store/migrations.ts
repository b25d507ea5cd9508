// The schema of the database, as numbered migrations. One that was released is never changed; the next one is added.

/** What brings a database from version i to version i + 1. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    role TEXT NOT NULL CHECK (role IN ('user', 'admin')),
    password TEXT, -- null: nobody can sign in to it
    created INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE sessions (
    hash TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE keys (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts,
    hash TEXT NOT NULL UNIQUE,
    label TEXT NOT NULL,
    start TEXT NOT NULL,
    created INTEGER NOT NULL,
    used INTEGER
  ) STRICT;

  CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL REFERENCES accounts,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    place INTEGER NOT NULL, -- among the account's queued jobs
    created INTEGER NOT NULL,
    started INTEGER,
    finished INTEGER,
    settings TEXT NOT NULL,
    model_hash TEXT NOT NULL,
    collection TEXT,
    label TEXT,
    steps INTEGER NOT NULL, -- of one picture
    count INTEGER NOT NULL,
    price INTEGER NOT NULL CHECK (price >= 0),
    charged INTEGER CHECK (charged BETWEEN 0 AND price),
    seconds REAL NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    interruptions INTEGER NOT NULL DEFAULT 0,
    cancelling INTEGER NOT NULL DEFAULT 0,
    notices TEXT NOT NULL,
    error_code TEXT,
    error_message TEXT,
    CHECK ((state IN ('done', 'failed', 'cancelled')) = (charged IS NOT NULL))
  ) STRICT;
  CREATE INDEX jobs_active ON jobs (account, place) WHERE state IN ('queued', 'running');
  CREATE INDEX jobs_of ON jobs (account, seq);
  CREATE INDEX jobs_collection ON jobs (account, collection, seq) WHERE collection IS NOT NULL;

  CREATE TABLE idempotency (
    account TEXT NOT NULL REFERENCES accounts,
    key TEXT NOT NULL,
    asked TEXT NOT NULL, -- hash of the request
    answer TEXT NOT NULL,
    job TEXT NOT NULL REFERENCES jobs (id),
    created INTEGER NOT NULL,
    PRIMARY KEY (account, key)
  ) STRICT;

  CREATE TABLE pictures (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL REFERENCES accounts,
    job TEXT REFERENCES jobs (id),
    idx INTEGER NOT NULL,
    created INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    settings TEXT NOT NULL,
    model_hash TEXT NOT NULL,
    seconds REAL NOT NULL,
    price INTEGER NOT NULL,
    starred INTEGER NOT NULL DEFAULT 0,
    deleted INTEGER,
    collection TEXT,
    notices TEXT NOT NULL,
    prompt TEXT NOT NULL,
    negative TEXT NOT NULL,
    UNIQUE (job, idx)
  ) STRICT;
  CREATE INDEX pictures_of ON pictures (account, seq) WHERE deleted IS NULL;
  CREATE INDEX pictures_starred ON pictures (account, seq) WHERE starred = 1 AND deleted IS NULL;
  CREATE INDEX pictures_deleted ON pictures (account, seq) WHERE deleted IS NOT NULL;
  CREATE INDEX pictures_collection ON pictures (account, collection, seq) WHERE collection IS NOT NULL;
  CREATE INDEX pictures_file ON pictures (sha256);
  CREATE VIRTUAL TABLE pictures_text USING fts5 (
    prompt, negative, content = 'pictures', content_rowid = 'seq', tokenize = 'unicode61 remove_diacritics 2'
  );
  CREATE TRIGGER pictures_text_insert AFTER INSERT ON pictures BEGIN
    INSERT INTO pictures_text (rowid, prompt, negative) VALUES (new.seq, new.prompt, new.negative);
  END;
  CREATE TRIGGER pictures_text_delete AFTER DELETE ON pictures BEGIN
    INSERT INTO pictures_text (pictures_text, rowid, prompt, negative)
      VALUES ('delete', old.seq, old.prompt, old.negative);
  END;

  CREATE TABLE uploads (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts,
    sha256 TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    created INTEGER NOT NULL,
    used INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX uploads_file ON uploads (sha256);

  -- Each row takes from one book and gives to another, so the sum over all books is always 0.
  CREATE TABLE transfers (
    id INTEGER PRIMARY KEY,
    created INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('grant', 'hold', 'capture', 'release', 'refund')),
    source TEXT NOT NULL,
    target TEXT NOT NULL CHECK (target <> source),
    amount INTEGER NOT NULL CHECK (amount >= 0),
    account TEXT NOT NULL REFERENCES accounts,
    job TEXT REFERENCES jobs (id),
    reason TEXT,
    CHECK ((kind = 'grant') = (job IS NULL)),
    UNIQUE (job, kind)
  ) STRICT;
  CREATE INDEX transfers_of ON transfers (account, id);
  CREATE TABLE balances (
    book TEXT PRIMARY KEY,
    amount INTEGER NOT NULL,
    CHECK (amount >= 0 OR book = 'house:grants')
  ) STRICT;
  CREATE TRIGGER transfers_keep BEFORE UPDATE ON transfers BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
  END;
  CREATE TRIGGER transfers_stay BEFORE DELETE ON transfers BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
  END;
  CREATE TRIGGER transfers_settle BEFORE INSERT ON transfers WHEN new.kind IN ('capture', 'release') BEGIN
    SELECT RAISE(ABORT, 'more than was held') WHERE new.amount + (
      SELECT coalesce(sum(amount), 0) FROM transfers WHERE job = new.job AND kind IN ('capture', 'release')
    ) > (SELECT coalesce(sum(amount), 0) FROM transfers WHERE job = new.job AND kind = 'hold');
  END;
  CREATE TRIGGER transfers_post AFTER INSERT ON transfers BEGIN
    INSERT OR IGNORE INTO balances VALUES (new.source, 0), (new.target, 0);
    UPDATE balances SET amount = amount - new.amount WHERE book = new.source;
    UPDATE balances SET amount = amount + new.amount WHERE book = new.target;
  END;

  CREATE TABLE measured (name TEXT PRIMARY KEY, value REAL NOT NULL) STRICT;
  `,
  // Refunds are of single pictures, and a grant is known again by the key of whoever gave it. A table's rules cannot be
  // changed, so there is a new one; its triggers come last, so that what is copied is not counted again.
  `
  CREATE TABLE transfers_next (
    id INTEGER PRIMARY KEY,
    created INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('grant', 'hold', 'capture', 'release', 'refund')),
    source TEXT NOT NULL,
    target TEXT NOT NULL CHECK (target <> source),
    amount INTEGER NOT NULL CHECK (amount >= 0),
    account TEXT NOT NULL REFERENCES accounts,
    job TEXT REFERENCES jobs (id),
    part TEXT NOT NULL DEFAULT '', -- of a refund: the picture that was missing
    reason TEXT,
    giver TEXT REFERENCES accounts, -- of a grant, where somebody gave it
    key TEXT,
    CHECK ((kind = 'grant') = (job IS NULL)),
    CHECK (kind = 'grant' OR (giver IS NULL AND key IS NULL)),
    UNIQUE (job, kind, part)
  ) STRICT;
  INSERT INTO transfers_next (id, created, kind, source, target, amount, account, job, reason)
    SELECT id, created, kind, source, target, amount, account, job, reason FROM transfers;
  DROP TABLE transfers;
  ALTER TABLE transfers_next RENAME TO transfers;
  CREATE INDEX transfers_of ON transfers (account, id);
  CREATE UNIQUE INDEX transfers_given ON transfers (giver, key) WHERE key IS NOT NULL;
  CREATE TRIGGER transfers_keep BEFORE UPDATE ON transfers BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
  END;
  CREATE TRIGGER transfers_stay BEFORE DELETE ON transfers BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
  END;
  CREATE TRIGGER transfers_settle BEFORE INSERT ON transfers WHEN new.kind IN ('capture', 'release') BEGIN
    SELECT RAISE(ABORT, 'more than was held') WHERE new.amount + (
      SELECT coalesce(sum(amount), 0) FROM transfers WHERE job = new.job AND kind IN ('capture', 'release')
    ) > (SELECT coalesce(sum(amount), 0) FROM transfers WHERE job = new.job AND kind = 'hold');
  END;
  CREATE TRIGGER transfers_refund BEFORE INSERT ON transfers WHEN new.kind = 'refund' BEGIN
    SELECT RAISE(ABORT, 'more than was charged') WHERE new.amount + (
      SELECT coalesce(sum(amount), 0) FROM transfers WHERE job = new.job AND kind = 'refund'
    ) > (SELECT coalesce(sum(amount), 0) FROM transfers WHERE job = new.job AND kind = 'capture');
  END;
  CREATE TRIGGER transfers_post AFTER INSERT ON transfers BEGIN
    INSERT OR IGNORE INTO balances VALUES (new.source, 0), (new.target, 0);
    UPDATE balances SET amount = amount - new.amount WHERE book = new.source;
    UPDATE balances SET amount = amount + new.amount WHERE book = new.target;
  END;
  `,
  // What the files of pictures mean, by model; without a vector where that cannot be found out.
  `
  CREATE TABLE meanings (
    sha256 TEXT NOT NULL,
    model TEXT NOT NULL, -- its hash
    vector BLOB, -- float32, of length 1
    PRIMARY KEY (sha256, model)
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER meanings_go AFTER DELETE ON pictures
  WHEN NOT EXISTS (SELECT 1 FROM pictures WHERE sha256 = old.sha256) BEGIN
    DELETE FROM meanings WHERE sha256 = old.sha256;
  END;
  `,
];
