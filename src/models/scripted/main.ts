/** The process of the scripted model: listens on PORT, tells its parent, ends on SIGTERM. */
import { startScriptedModel } from './server.ts'

const mode = process.env['PERDURA_SCRIPTED_MODE'] === 'test' ? 'test' : 'demo'
const model = await startScriptedModel({ port: Number(process.env['PORT'] ?? 0), mode })

process.send?.({ type: 'ready', port: model.port })
console.log(`The scripted model listens on ${model.baseUrl}`)

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    void model.close().finally(() => {
      // The channel to the parent would keep the process alive.
      if (process.connected) process.disconnect()
    })
  })
}
