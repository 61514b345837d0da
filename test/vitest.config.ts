import { mergeConfig } from 'vitest/config'
import shared from '../vitest.shared.js'

export default mergeConfig(shared, {
  test: { name: 'test', include: ['**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 },
})
