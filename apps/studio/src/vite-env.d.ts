// What Vite adds to TypeScript: imports of styles and of files by their address.
/// <reference types="vite/client" />
