import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { withoutCode } from './page.js'
import { filesUnder, pathOf, textOf } from './source-tree.js'

const PAGES = filesUnder().filter((path) => path.endsWith('.md'))
const SCHEME = /^[a-z]+:/

interface Link {
  readonly page: string
  readonly target: string
}

function linksOf(page: string): Link[] {
  const text = withoutCode(textOf(page)).replace(/`[^`\n]*`/g, '')
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => ({ page, target }))
}

/** The names that a page gives its headings, as the hosting page makes them. */
function anchorsOf(page: string): string[] {
  const seen = new Map<string, number>()
  return [...withoutCode(textOf(page)).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => {
    const slug = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-')
    const repeat = seen.get(slug) ?? 0
    seen.set(slug, repeat + 1)
    return repeat === 0 ? slug : `${slug}-${String(repeat)}`
  })
}

/** Where a link leads, as a path from the root, and to which heading there. */
function resolved({ page, target }: Link): { path: string; anchor: string } {
  const url = new URL(target, `file:///${page}`)
  return { path: url.pathname.slice(1), anchor: decodeURIComponent(url.hash.slice(1)) }
}

function isBroken(link: Link): boolean {
  const { path, anchor } = resolved(link)
  if (!existsSync(pathOf(path))) return true
  return anchor !== '' && !anchorsOf(path).includes(anchor)
}

function told(links: readonly Link[]): string[] {
  return links.map(({ page, target }) => `${page}: ${target}`)
}

const INSIDE = PAGES.flatMap(linksOf).filter(({ target }) => !SCHEME.test(target))

/** Folders and files of this repository that a page names without a link. */
const NAMED_PATH = /`((?:packages|docs|test|examples|\.ci)\/[\w./-]+)`/g

describe('the pages', () => {
  it('link to pages, files and headings that are there', () => {
    expect(INSIDE.length).toBeGreaterThan(50)
    expect(told(INSIDE.filter(isBroken))).toEqual([])
  })

  it('name files and folders that are there', () => {
    const named = PAGES.flatMap((page) =>
      [...withoutCode(textOf(page)).matchAll(NAMED_PATH)].map(([, target = '']) => ({
        page,
        target,
      })),
    )
    expect(named.length).toBeGreaterThan(50)
    expect(told(named.filter(({ target }) => !existsSync(pathOf(target))))).toEqual([])
  })

  it('under docs can all be reached from the README', () => {
    const reached = new Set(['README.md'])
    for (const page of reached) {
      for (const link of INSIDE) {
        const { path } = resolved(link)
        if (link.page === page && path.endsWith('.md')) reached.add(path)
        // A link to a folder shows what is in it.
        const folder = PAGES.filter((other) => other.startsWith(`${path.replace(/\/$/, '')}/`))
        if (link.page === page) for (const other of folder) reached.add(other)
      }
    }
    const pages = PAGES.filter((page) => page.startsWith('docs/'))
    expect(pages.filter((page) => !reached.has(page))).toEqual([])
  })
})
