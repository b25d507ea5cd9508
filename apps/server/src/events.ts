// Events: what happens, told to whoever listens, and remembered for a while for those who come back.
import type { EventData, EventName } from "./contract.ts";
import { newId } from "./ids.ts";

/** An event on its way. */
export interface Message {
  /** Tells it from all others, of earlier runs of the server too. */
  readonly id: string;
  readonly name: EventName;
  /** JSON. */
  readonly data: string;
}

/** Whose events, and of which job if only of one. */
export interface Listener {
  readonly account: string;
  readonly job?: string;
}

export interface Hub {
  publish<K extends EventName>(account: string, job: string | undefined, name: K, data: EventData[K]): void;
  /**
   * Listen from now on.
   * @param last the id of the last event that was heard; if what followed is no longer known, the answer is undefined
   * @returns what was missed, and how to stop
   */
  listen(
    who: Listener,
    last: string | undefined,
    tell: (message: Message) => void,
  ): { readonly missed: readonly Message[] | undefined; readonly stop: () => void };
  /** An event for one listener alone, with an id from which it can go on. */
  message<K extends EventName>(name: K, data: EventData[K]): Message;
  /** How many listen. */
  readonly listeners: number;
}

interface Kept extends Message {
  readonly number: number;
  readonly account: string;
  readonly job: string | undefined;
}

/** Bytes of events that are remembered. */
const REMEMBERED = 16 * 2 ** 20;

/** The events of one server. */
export function openHub(): Hub {
  const run = newId();
  const kept: Kept[] = [];
  const listening = new Set<{ readonly who: Listener; readonly tell: (message: Message) => void }>();
  let number = 0;
  let bytes = 0;
  const concerns = ({ account, job }: Kept, who: Listener): boolean =>
    account === who.account && (who.job === undefined || who.job === job);
  return {
    get listeners() {
      return listening.size;
    },
    publish(account, job, name, data) {
      const message = { number: ++number, id: `${run}-${number}`, account, job, name, data: JSON.stringify(data) };
      kept.push(message);
      bytes += message.data.length;
      while (bytes > REMEMBERED) bytes -= kept.shift()?.data.length ?? 0;
      for (const { who, tell } of listening) if (concerns(message, who)) tell(message);
    },
    message: (name, data) => ({ id: `${run}-${number}`, name, data: JSON.stringify(data) }),
    listen(who, last, tell) {
      const listener = { who, tell };
      listening.add(listener);
      const stop = (): void => void listening.delete(listener);
      const [from, at] = last?.split("-") ?? [];
      const heard = Number(at);
      const oldest = kept[0]?.number ?? number + 1;
      if (from !== run || !(heard >= oldest - 1 && heard <= number)) return { missed: undefined, stop };
      return { missed: kept.filter((message) => message.number > heard && concerns(message, who)), stop };
    },
  };
}
