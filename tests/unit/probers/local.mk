# Unit tests of probers/, one program a module.
