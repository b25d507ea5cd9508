// Clients that mean harm or do not care, in a process of their own: address and how many that never finish their headers.
//
// Says "there" when all are connected, and comes back when it is thrown out, until a line on its input tells it not to; then
// it only holds on to what it has. Ends with its input.
import { connect } from "node:net";

const [url, count] = process.argv.slice(2);
const { hostname, port } = new URL(url);
const n = Number(count);
const get = (path, more = "") => `GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\n${more}`;
/** How many, what they send at once, what they send each second, and whether they read. */
const kinds = [
  { many: n, first: get("/"), next: "X-Slow: 1\r\n" },
  {
    many: n / 5,
    first: `POST /v1/uploads HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: 1000000\r\n\r\n`,
    next: "x",
  },
  { many: n / 5, first: get("/v1/events", "\r\n") },
  { many: n / 10, first: get("/v1/events", "\r\n"), half: true },
  { many: n / 10, first: get("/models/default/unet/diffusion_pytorch_model.safetensors", "\r\n") },
  { many: n / 10, first: get("/", `X-Huge: ${"x".repeat(100_000)}\r\n\r\n`), reads: true },
  { many: n / 10, first: get("/v1/server", "\r\n").repeat(200), reads: true },
];

let again = true;
let missing = kinds.reduce((sum, { many }) => sum + Math.ceil(many), 0);
function hold(kind, connected) {
  const { first, next, half, reads } = kind;
  const socket = connect({ host: hostname, port, allowHalfOpen: true });
  let trickle;
  socket.on("connect", () => {
    connected();
    socket.write(first);
    if (half) socket.end();
    if (next) trickle = setInterval(() => socket.write(next), 1000);
  });
  if (reads) socket.resume();
  else if (next)
    socket.on("data", () => {}); // or it would never hear that it was thrown out
  else socket.pause();
  socket.on("error", () => {});
  const over = () => {
    clearInterval(trickle);
    socket.destroy();
  };
  socket.on("end", over);
  socket.on("close", () => {
    clearInterval(trickle);
    if (again) setTimeout(hold, 1000, kind, () => {});
  });
}
for (const kind of kinds)
  for (let i = 0; i < kind.many; i++)
    hold(kind, () => {
      if (--missing === 0) process.stdout.write("there\n");
    });
process.stdin.on("data", () => {
  again = false;
});
process.stdin.on("end", () => process.exit());
