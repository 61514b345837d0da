import { mergeConfig } from 'vitest/config'
import shared from '../../vitest.shared.js'

export default mergeConfig(shared, {
  test: { name: 'framings', include: ['test/**/*.test.ts'] },
})
