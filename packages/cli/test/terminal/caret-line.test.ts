import displayWidth from 'string-width'
import { loadConfig } from '@commloop/config'
import { folderWith } from '@commloop/test-support/temporary-folder'
import { describe, expect, it } from 'vitest'

/** Texts before a mistake in the same line. */
const TEXTS = ['furnace', '炉子', 'e\u0301tage', '🏭', '👩\u200d🔧', '🇨🇭', 'ﾊﾝｶｸ'] as const

describe('the caret below a mistake', () => {
  it.each(TEXTS)('stands below the mistake after "%s"', async (text) => {
    const cwd = folderWith({ '.commlooprc': `links: [{ id: "${text}", role: pasive }]\n` })
    const error = await loadConfig({ cwd, env: {} }).catch((thrown: unknown) => thrown)
    const lines = (error as Error).message.split('\n')
    const at = lines.findIndex((line) => line.includes('role: expected'))
    const [source = '', caret = ''] = lines.slice(at + 1)
    const column = displayWidth(source.slice(0, source.indexOf('pasive')))
    expect(caret.indexOf('^')).toBe(column)
  })
})
