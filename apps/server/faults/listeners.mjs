// Many who listen to a server, in a process of their own, so that their reading delays nobody's clock: address and how many.
//
// Says "listening" when all are connected; told to end (its input closes), it says how many previews they heard.
import { request } from "node:http";

const [url, count] = process.argv.slice(2);
let connected = 0;
let previews = 0;
for (let i = 0; i < Number(count); i++)
  request(`${url}/v1/events`, { agent: false }, (answer) => {
    if (answer.statusCode !== 200) throw new Error(`${answer.statusCode}`);
    let rest = "";
    answer.setEncoding("latin1").on("data", (text) => {
      const parts = (rest + text).split("event: preview\n");
      previews += parts.length - 1;
      rest = (parts.at(-1) ?? "").slice(-14);
    });
    if (++connected === Number(count)) process.stdout.write("listening\n");
  }).end();
process.stdin.resume().on("end", () => {
  process.stdout.write(`${previews}\n`, () => process.exit());
});
