import js from '@eslint/js'
import tseslint from 'typescript-eslint'

const CONTAINER_ONLY_IN = 'Only di.ts imports tsyringe; take these names from @commloop/core.'

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/bundle/**',
      '**/node_modules/**',
      'coverage/**',
      'reports/**',
      '.stryker-tmp/**',
      '.nx/**',
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['./packages/*/tsconfig.json', './bench/tsconfig.json', './tsconfig.tests.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      // `useClass` of the container is a false alarm.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      'no-restricted-imports': [
        'error',
        { paths: [{ name: 'tsyringe', message: CONTAINER_ONLY_IN }] },
      ],
    },
  },
  { files: ['packages/core/src/di.ts'], rules: { 'no-restricted-imports': 'off' } },
  {
    // A table of cases is one function of `describe`, and is read from top to bottom.
    files: ['**/*.test.ts', '**/test/**/*.ts', 'packages/testing/src/compliance/**/*.ts'],
    rules: { 'max-lines-per-function': 'off' },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', Buffer: 'readonly', URL: 'readonly' },
    },
  },
)
