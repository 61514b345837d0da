export {
  type JournalMarks,
  type JournalSimulationOptions,
  type JournalSimulationReport,
  type SimulatedSurroundings,
  simulateJournal,
} from './journal-simulation.js'
