import { access } from 'node:fs/promises'

import { chromium } from 'playwright-core'
import { expect, test } from 'vitest'

import { toDocsPage } from '../../src/api/docs-page.ts'
import { useCheckedProduct } from './checked-product.ts'

const product = useCheckedProduct({ workers: 0 })

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const hasBrowser = await access(executablePath).then(
  () => true,
  () => false,
)

test('default: the page names every route and links every schema, with nothing from elsewhere', async () => {
  const { text, headers } = await product().call('GET', '/docs')
  expect(headers.get('content-type')).toContain('text/html')
  for (const { path } of product().contract.operations) expect(text).toContain(`<code>${path}</code>`)
  for (const name of Object.keys(product().contract.document.components.schemas))
    expect(text).toContain(`<section id="${name}">`)
  const links = [...text.matchAll(/href="#(\w+)"/g)].map(([, name]) => `<section id="${name}">`)
  expect(links.filter((target) => !text.includes(target))).toEqual([])
  expect(text).not.toMatch(/<script|<link|<img|src=|https?:/)
})

test('behavior: the root leads to the page', async () => {
  const answer = await product().call('GET', '/')
  expect([answer.status, answer.headers.get('location')]).toEqual([302, '/docs'])
})

test('behavior: words of the document are text and never markup', () => {
  const operation = { summary: '<script>alert(1)</script>', parameters: [{ name: '"><img>', in: 'query' }] }
  const page = toDocsPage({
    paths: { '/<b>': { get: operation } },
    components: { schemas: { A: { a: '<i>' } } },
  })
  expect(page).not.toMatch(/<script|<img|<i>/)
})

test.runIf(hasBrowser)(
  'behavior: a browser shows it without a fault, on a wide and on a narrow screen',
  async () => {
    const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking']
    const browser = await chromium.launch({ executablePath, args })
    try {
      const page = await browser.newPage()
      const faults: string[] = []
      const requests: string[] = []
      page.on('console', (message) => faults.push(message.text()))
      page.on('pageerror', (error) => faults.push(error.message))
      page.on('request', (sent) => requests.push(new URL(sent.url()).pathname))
      await page.goto(`${product().url}/docs`)
      expect(await page.locator('section').count()).toBeGreaterThan(20)
      await page.locator('a[href="#NewMessage"]').first().click()
      await page.locator('#NewMessage summary').click()
      expect(await page.locator('#NewMessage pre').innerText()).toContain('clientMessageId')
      await page.setViewportSize({ width: 360, height: 640 })
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
      if (process.env['SCREENSHOT'] !== undefined)
        await page.screenshot({ path: process.env['SCREENSHOT'], fullPage: false })
      // The browser asks for an icon by itself.
      expect([faults, requests.filter((path) => path !== '/favicon.ico')]).toEqual([[], ['/docs']])
    } finally {
      await browser.close()
    }
  },
)
