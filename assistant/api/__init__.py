"""The chat over HTTP: the socket's twin for whoever can not open one."""
