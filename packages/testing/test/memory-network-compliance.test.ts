import { transportCompliance } from '../src/compliance/index.js'
import { memoryHosts, SILENT } from './memory-hosts.js'

const silence = () => SILENT

transportCompliance('memory', () => memoryHosts(), { silence })
transportCompliance(
  'memory, slow and in pieces',
  () => memoryHosts({ latencyMs: { min: 1, max: 7 }, split: 0.3 }),
  { silence },
)
