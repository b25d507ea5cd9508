// Embeddings: distances between meanings, and search by them. Everything here runs in browsers.
export { distance, similarity, unit } from "./distance.ts";
export { type Preprocessing, preprocess } from "./preprocess.ts";
export { type Match, search } from "./search.ts";
