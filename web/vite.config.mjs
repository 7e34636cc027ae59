// SPDX-License-Identifier: Apache-2.0
import { defineConfig } from "vite";
import { singleFile } from "./build/single_file.mjs";

export default defineConfig({
  base: "./",
  logLevel: "warn",
  plugins: [singleFile()],
  build: {
    target: "es2022",
    modulePreload: false,
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    outDir: process.env.RELEVID_PAGE_OUT ?? "dist",
    emptyOutDir: false,
  },
});
