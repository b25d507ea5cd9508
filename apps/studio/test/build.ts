// Vitest's global setup of the long tests: the page is built once. A build beside a server takes away what it serves.
export { buildStudio as setup } from "./real-studio.ts";
