import { mergeConfig } from 'vitest/config'
import shared from '../../vitest.shared.js'

export default mergeConfig(shared, {
  test: { name: 'codec-len16', include: ['test/**/*.test.ts'] },
})
