/** What stands in the way of a deployment that simulated well. Pure: tools may import this file. */
import { parseAmount } from './parse.ts'

const codeSizeLimitBytes = 24_576
const transactionGasLimit = 16_777_216n
const nativeDecimals = 18

/** Lists warnings in plain words; empty when nothing is in the way. */
export function deploymentWarnings(
  deployment: { costEth: string; gas: string; runtimeSizeBytes: number },
  deployer: { address: string; balanceEth: string },
): string[] {
  const warnings: string[] = []
  const missing =
    parseAmount(deployment.costEth, nativeDecimals) > parseAmount(deployer.balanceEth, nativeDecimals)
  if (missing) {
    warnings.push(
      `${deployer.address} holds ${deployer.balanceEth} of the native coin, less than the cost of ${deployment.costEth}.`,
    )
  }
  if (deployment.runtimeSizeBytes > codeSizeLimitBytes) {
    warnings.push(
      `The code has ${deployment.runtimeSizeBytes} bytes; most chains refuse more than ${codeSizeLimitBytes} (EIP-170).`,
    )
  }
  if (BigInt(deployment.gas) > transactionGasLimit) {
    warnings.push(
      `It needs ${deployment.gas} gas; many chains refuse transactions above ${transactionGasLimit} (EIP-7825).`,
    )
  }
  if (deployment.runtimeSizeBytes === 0) warnings.push('The deployed contract would have no code.')
  return warnings
}
