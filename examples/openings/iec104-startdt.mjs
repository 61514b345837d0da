// Starts the transfer of data on a connection of IEC 60870-5-104, and answers test frames while the link is up.
// A payload is an APDU without its start byte and its length. U frames have four bytes.

const STARTDT_ACT = 0x07
const STARTDT_CON = 0x0b
const TESTFR_ACT = 0x43
const TESTFR_CON = 0x83

function uFrame(kind) {
  return Uint8Array.of(kind, 0, 0, 0)
}

/** The kind of a U frame; undefined: another frame. */
function kindOf(payload) {
  return payload.length === 4 && (payload[0] & 3) === 3 ? payload[0] : undefined
}

const startdt = {
  /** The controlling station dials and asks. The controlled station confirms. */
  begin({ role }, door) {
    let isStarted = false
    const start = () => {
      isStarted = true
      door.open()
    }
    if (role === 'active') door.send(uFrame(STARTDT_ACT))
    return {
      stays: true,
      get progress() {
        return isStarted ? undefined : 'STARTDT'
      },
      received(payload) {
        const kind = kindOf(payload)
        if (kind === TESTFR_ACT) door.send(uFrame(TESTFR_CON))
        else if (kind === TESTFR_CON) return true
        else if (kind === STARTDT_CON && role === 'active' && !isStarted) start()
        else if (kind === STARTDT_ACT && role === 'passive') {
          door.send(uFrame(STARTDT_CON))
          if (!isStarted) start()
        } else return false
        return true
      },
    }
  },
}

export default {
  kind: 'opening',
  name: 'iec104-startdt',
  apiVersion: 1,
  create(options) {
    const [option] = Object.keys(options)
    if (option !== undefined) throw new Error(`unknown option "${option}"`)
    return startdt
  },
}
