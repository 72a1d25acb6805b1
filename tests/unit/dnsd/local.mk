# Unit tests of dnsd/, one program a module.
