import { describe, expect, it } from 'vitest'
import { strangerStorm } from './stranger-storm.js'

describe('a storm of strangers', () => {
  it('is refused and counted, one by one, while a listed peer gets its answers', async () => {
    const figures = await strangerStorm({ seconds: 1, concurrency: 8, warmSeconds: 0.2 })
    expect(figures.refused).toBeGreaterThan(0)
    expect(figures.counted).toBe(figures.refused)
    expect(figures.failed).toBe(0)
    expect(figures.echoes).toBeGreaterThan(0)
    expect(figures.bareRefusalsPerS).toBeGreaterThan(0)
  })
})
