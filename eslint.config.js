// Typed rules judge the code; dependency-cruiser judges the tree. No rule lives in both.
import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/', '.moontide/', '**/.moontide/', 'test/broken/'] },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['vitest.config.ts'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' },
      ],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      'no-control-regex': 'off',
      'no-constant-condition': ['error', { checkLoops: false }],
      // Digits beyond double precision are kept as their sources print them.
      'no-loss-of-precision': 'off',
    },
  },
  {
    // Sealed rooms: what the types cannot forbid because the language has it.
    files: [
      'src/core/**/*.ts',
      'src/registry/model/**/*.ts',
      'src/lua/**/*.ts',
      'src/modules/**/spec.ts',
      'src/modules/**/durable.ts',
      'workflows/**/*.ts',
    ],
    ignores: ['**/*-host.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['WeakRef', 'FinalizationRegistry', 'Intl'].map((name) => ({
          name,
          message: 'not deterministic in the sandbox',
        })),
      ],
    },
  },
  {
    // Matchers of vitest are methods that need no object, and what a test prints of a value need not be pretty.
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/unbound-method': 'off', '@typescript-eslint/no-base-to-string': 'off' },
  },
  {
    files: ['**/*.js', '**/*.cjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        module: 'writable',
        require: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        fetch: 'readonly',
        performance: 'readonly',
        AbortController: 'readonly',
      },
    },
  },
);
