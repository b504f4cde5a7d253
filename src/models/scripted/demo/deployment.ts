import { z } from 'zod'

import { counterSource } from './counter.ts'
import { ask, describeFailure, findCall, readValue, say, toPlain } from './demo-answer.ts'
import type { DemoSkill } from './demo-answer.ts'

const report = z.looseObject({})

const labels: Record<string, string> = {
  contract: 'Contract',
  compiler: 'Compiler',
  address: 'Address it would have',
  from: 'Deployed from',
  gas: 'Gas',
  gasPriceGwei: 'Gas price (gwei)',
  costEth: 'Cost (ETH)',
  runtimeSizeBytes: 'Size (bytes)',
}

/** Compiles a contract and simulates its deployment: a tool of several steps. */
export const deploymentSkill: DemoSkill = {
  example: 'Compile and simulate a counter contract (or give your own in a ```solidity block)',
  answer(turn) {
    const [, block] = /```(?:solidity|sol)\s*\n([\s\S]*?)```/i.exec(turn.text) ?? []
    if (!block && !/\b(compile|simulate|deploy)\b/i.test(turn.text)) return undefined
    const call = findCall(turn, 'simulate_deployment')
    if (!call)
      return ask(turn, [{ name: 'simulate_deployment', arguments: { source: block ?? counterSource } }])
    const value = readValue(call, report)
    if (!value) return say(turn, `The simulation gave no result. ${describeFailure(call)}`)
    const rows = Object.entries(labels).flatMap(([field, label]) => {
      const figure = value[field]
      return typeof figure === 'string' || typeof figure === 'number'
        ? [`| ${label} | ${toPlain(String(figure))} |`]
        : []
    })
    return say(
      turn,
      ['Compiled and simulated; nothing was sent.', '', '| | |', '| --- | --- |', ...rows].join('\n'),
    )
  },
}
