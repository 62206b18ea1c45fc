import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Nothing is inlined and no polyfill is injected, so that the page runs under a policy that
// allows only its own files.
export default defineConfig({
  base: "./",
  plugins: [react()],
  build: { assetsInlineLimit: 0, modulePreload: { polyfill: false }, target: "es2022" },
  server: {
    proxy: { "/ws": { target: "ws://127.0.0.1:8000", ws: true }, "/api": "http://127.0.0.1:8000" },
  },
});
