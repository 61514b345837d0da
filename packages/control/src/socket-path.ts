export { folderExists, folderProblem, ownFolderProblem } from './http/socket-folder.js'
export { runtimeFolders, SOCKET_PATH_BYTES_MAX, socketNameEnd } from './http/socket-path.js'
