import { mergeConfig } from 'vitest/config'
import shared from '../../vitest.shared.js'

export default mergeConfig(shared, {
  test: { name: 'codec-length-field', include: ['test/**/*.test.ts'] },
})
