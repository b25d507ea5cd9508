// dreamgrain's server, as a library: start one, stop it.

export { defaultData, type RunningServer, type ServerOptions, startServer } from "./server.ts";
export { DataError } from "./store/database.ts";
