import { mergeConfig } from 'vitest/config'
import shared from '../../vitest.shared.js'

export default mergeConfig(shared, {
  test: { name: 'control', include: ['test/**/*.test.ts'] },
})
