# embed.awk: the migrations, each file one string of a C array, in the order of the arguments.
BEGIN {
	print "/* Made from schema/sql/migrations by embed.awk. */"
	print "#include \"schema/sql/store_migrate.h\"\n"
	print "const char *const store_migrations[] = {"
}
FNR == 1 && NR > 1 { print "\t," }
{
	gsub(/\\/, "\\\\")
	gsub(/"/, "\\\"")
	printf "\t\"%s\\n\"\n", $0
}
END {
	print "};"
	print "const size_t store_migrations_len = sizeof(store_migrations) / sizeof(store_migrations[0]);"
}
