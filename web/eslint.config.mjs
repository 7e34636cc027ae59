// SPDX-License-Identifier: Apache-2.0
// What ./run lint asks of the page and its tests. noUncheckedIndexedAccess makes an element that is known to be there a `!`.
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist/", "node_modules/"] },
  ...tseslint.configs.strict,
  {
    rules: {
      eqeqeq: ["error", "always", { null: "ignore" }],
      "prefer-const": "error",
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-dynamic-delete": "off",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", ignoreRestSiblings: true }],
    },
  },
  { files: ["src/**"], rules: { "no-console": ["error", { allow: ["error"] }] } },
);
