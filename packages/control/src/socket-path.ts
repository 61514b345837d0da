export { type PathTrust, pathProblem } from './http/path-owners.js'
export { folderExists, folderProblem, ownFolderProblem } from './http/socket-folder.js'
export {
  DRAFT_PATH,
  runtimeFolders,
  SOCKET_PATH_BYTES_MAX,
  type SocketPlace,
  socketNameEnd,
  socketPlaces,
} from './http/socket-path.js'
export { probeSocket, type SocketState } from './http/socket-probe.js'
