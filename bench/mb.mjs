import { createNode, use, Transport } from '@commloop/core'
import { len16Codec } from '@commloop/codec-len16'
import { PayloadCycle } from './dist/traffic/payload-cycle.js'
class Conn { peer={local:{ip:'1.1.1.1',port:1},remote:{ip:'1.1.1.2',port:2},identities:[]}; h; bytes=0
 write(chunks){ for(const c of chunks) this.bytes+=c.length; process.nextTick(()=>this.h.written()) } setReading(){} end(){} destroy(){} }
const c=new Conn()
const t={ dial(target,h){ process.nextTick(()=>{c.h=h.opened(c)}); return {cancel(){}} }, listen(){} }
const node=createNode({links:[{id:'peer',role:'active',ip:'127.0.0.1',port:1}]}, use(Transport,t), len16Codec())
await node.start(); await new Promise(r=>setTimeout(r,20))
const cyc=new PayloadCycle(Number(process.argv[2]??64))
const opts = process.argv[3]==='to' ? {to:'peer'} : undefined
function run(n){ return new Promise(res=>{ let left=n; const pump=()=>{ while(left>0){ left--; if(!node.send(cyc.next(),opts)) return } node.off('drain',pump); setImmediate(res) }; node.on('drain',pump); pump() }) }
for(let i=0;i<8;i++){ const n=2e6; const a=performance.now(); const u=process.cpuUsage(); await run(n); const d=process.cpuUsage(u); console.log(((performance.now()-a)*1e6/n).toFixed(0),'ns wall', ((d.user+d.system)*1e3/n).toFixed(0)) }
process.exit(0)
