import { mergeConfig } from 'vitest/config'
import shared from '../../vitest.shared.js'

export default mergeConfig(shared, {
  test: { name: 'opening-exchange', include: ['test/**/*.test.ts'] },
})
