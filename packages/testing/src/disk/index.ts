export { CALM_DISK, type DiskCall, type DiskConditions } from './disk-conditions.js'
export { SimulatedDisk } from './simulated-disk.js'
