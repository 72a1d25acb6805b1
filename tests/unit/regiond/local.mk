# Unit tests of regiond/, one program a module.
