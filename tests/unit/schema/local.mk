# Unit tests of schema/, one program a module.
