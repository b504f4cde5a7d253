import { expect, test } from 'vitest'

import { toMarkdown } from '../../bench/report.ts'

test('says what was measured, on what, and which goals were missed', () => {
  const markdown = toMarkdown({
    at: '2026-01-02T03:04:05.678Z',
    machine: { cpu: 'A', cores: 2, memoryGiB: 8, system: 'Linux 6', node: 'v24.1.0', product: '1.2.3' },
    results: [
      {
        scenario: 'one',
        about: 'What it does',
        seconds: 12,
        figures: [
          { name: 'fast', value: 3, unit: 'ms', goal: { atMost: 5 } },
          { name: 'slow', value: 3, unit: 'turns/s', goal: { atLeast: 5 } },
          { name: 'size', value: 7.5, unit: 'MiB' },
        ],
      },
      { scenario: 'two', about: 'Nothing', seconds: 1, failure: 'Error: no' },
    ],
  })
  expect(markdown).toBe(`# Bench

Perdura 1.2.3 on 2 cores (A), 8 GiB, Linux 6, Node 24.1.0; 2026-01-02T03:04:05.678Z.

## one

What it does (12 s)

| figure | reached | goal |
| --- | --- | --- |
| fast | 3 ms | at most 5 |
| slow | 3 turns/s | at least 5: **missed** |
| size | 7.5 MiB |  |

## two

Nothing (1 s)

**Failed**: Error: no
`)
})
