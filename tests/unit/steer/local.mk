# Unit tests of steer/, one program a module.
