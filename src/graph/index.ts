// dreamgrain/graph: values, ops, parameters, tracing, and the listing of a graph.
export * from "./flops.ts";
export * from "./ops.ts";
export * from "./params.ts";
export * from "./print.ts";
export * from "./rearrange.ts";
export * from "./trace.ts";
export * from "./value.ts";
