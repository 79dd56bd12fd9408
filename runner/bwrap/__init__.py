"""The bubblewrap sandbox: namespaces, an unprivileged uid, seccomp and limits."""
