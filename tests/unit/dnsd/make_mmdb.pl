#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# make_mmdb.pl DIR: writes the small databases of tests/golden/geo, each a layout of its own.
# Needs libmaxmind-db-writer-perl. The networks and places are made up.
use strict;
use warnings;
use MaxMind::DB::Writer::Tree;

my $dir = shift or die "usage: make_mmdb.pl DIR\n";

my %types = (
	country_code => 'utf8_string', city => 'utf8_string', postcode => 'utf8_string',
	latitude => 'float', longitude => 'float', accuracy_radius => 'uint16',
	country => 'map', continent => 'map', location => 'map', names => 'map',
	iso_code => 'utf8_string', code => 'utf8_string', en => 'utf8_string', fr => 'utf8_string',
	subdivisions => ['array', 'map'], geoname_id => 'uint32', is_anycast => 'boolean',
	autonomous_system_number => 'uint32', autonomous_system_organization => 'utf8_string',
);

sub write_db {
	my ($name, $ip_version, $record_size, $networks, %over) = @_;
	my %known = (%types, %over);
	my $tree = MaxMind::DB::Writer::Tree->new(
		ip_version => $ip_version, record_size => $record_size,
		database_type => "fairlead-test-$name", languages => ['en'],
		description => { en => "made up, for Fairlead's tests" },
		alias_ipv6_to_ipv4 => $ip_version == 6 ? 1 : 0, remove_reserved_networks => 0,
		map_key_type_callback => sub { $known{ $_[0] } });
	while (my ($network, $data) = splice(@$networks, 0, 2)) {
		$tree->insert_network($network, $data);
	}
	open my $out, '>:raw', "$dir/$name.mmdb" or die "$dir/$name.mmdb: $!\n";
	$tree->write_tree($out);
	close $out or die "$dir/$name.mmdb: $!\n";
}

sub flat {
	my ($country, $lat, $lon, $city) = @_;
	return { country_code => $country, latitude => $lat, longitude => $lon, city => $city,
		postcode => '' };
}

sub nested {
	my ($country, $continent, $lat, $lon, $city) = @_;
	return {
		continent => { code => $continent, geoname_id => 6255148, names => { en => 'x', fr => 'y' } },
		country => { geoname_id => 1, iso_code => $country, names => { en => $city } },
		location => { accuracy_radius => 50, latitude => $lat, longitude => $lon },
		subdivisions => [ { iso_code => 'ZZ', names => { en => 'Part' } } ],
		city => { names => { en => $city } },
	};
}

# Cities of four continents, over a few /8s in blocks of many sizes.
my @cities = (
	['DE', 'EU', 50.1109, 8.6821, 'Frankfurt'], ['FR', 'EU', 48.8566, 2.3522, 'Paris'],
	['US', 'NA', 39.0438, -77.4874, 'Ashburn'], ['US', 'NA', 37.3861, -122.0839, 'Mountain View'],
	['BR', 'SA', -23.5505, -46.6333, 'Sao Paulo'], ['IN', 'AS', 19.0760, 72.8777, 'Mumbai'],
	['SG', 'AS', 1.3521, 103.8198, 'Singapore'], ['ZA', 'AF', -26.2041, 28.0473, 'Johannesburg'],
	['AU', 'OC', -33.8688, 151.2093, 'Sydney'], ['IE', 'EU', 53.3498, -6.2603, 'Dublin'],
);

# The same blocks on every run: a small generator of our own.
my $seed = 42;
sub draw { $seed = ($seed * 1103515245 + 12345) % 2147483648; return int($seed / 65536) % shift; }

sub blocks4 {
	my @list;
	for my $n (1 .. shift) {
		my $len = 10 + draw(19);
		my $address = (draw(64) + 16) * 2**24 + draw(256) * 2**16 + draw(256) * 256 + draw(256);
		$address -= $address % 2**(32 - $len);
		push @list, sprintf('%d.%d.%d.%d/%d', map({ int($address / 2**$_) % 256 } 24, 16, 8, 0), $len);
	}
	return @list;
}

sub blocks6 {
	my @list;
	for my $n (1 .. shift) {
		my $len = (20, 29, 32, 36, 40, 44, 48, 56, 64, 96, 127, 128)[draw(12)];
		my @words = (0x2000 + draw(4096), map({ draw(4) * 4369 } 1 .. 7));
		my $bits = join '', map { sprintf '%016b', $_ } @words;
		$bits = substr($bits, 0, $len) . '0' x (128 - $len);
		push @list, join(':', map { sprintf '%x', oct("0b$_") } unpack('(A16)8', $bits)) . "/$len";
	}
	return @list;
}

sub of_cities { my $layout = shift; return map { ($_, $layout->($cities[draw(10)])) } @_; }

my $as_flat = sub { my $c = shift; return flat(@$c[0, 2, 3, 4]); };
my $as_nested = sub { return nested(@{ $_[0] }); };

write_db('flat-v4', 4, 24, [
	of_cities($as_flat, blocks4(400)),
	'192.0.2.0/25' => flat('DE', 50.1109, 8.6821, 'Frankfurt'),
	'192.0.2.128/25' => flat('FR', 48.8566, 2.3522, 'Paris'),
	'198.51.100.0/24' => flat('', 0, 0, ''),                # "no idea", as some databases write it
	'203.0.113.0/24' => flat('BR', -23.5505, -46.6333, "\x{e3}" x 300),
]);
write_db('nested-v6', 6, 28, [
	of_cities($as_nested, blocks4(300), blocks6(150)),
	'192.0.2.0/24' => nested('DE', 'EU', 50.1109, 8.6821, 'Frankfurt'),
	'2001:db8::/32' => nested('FR', 'EU', 48.8566, 2.3522, 'Paris'),
	'2001:db8:8000::/33' => nested('AU', 'OC', -33.8688, 151.2093, 'Sydney'),
], latitude => 'double', longitude => 'double', city => 'map');
write_db('country-v6', 6, 32, [
	'192.0.2.0/24' => { country_code => 'DE' },
	'198.51.100.0/24' => { country_code => 'US' },
	'203.0.113.0/24' => { country_code => 'fr' },
	'2001:db8::/32' => { country_code => 'IN' },
]);
write_db('asn-v4', 4, 24, [
	'192.0.2.0/24' => { autonomous_system_number => 64496, autonomous_system_organization => 'A' },
	'192.0.2.64/26' => { autonomous_system_number => 64497, autonomous_system_organization => 'B' },
	'198.51.100.0/24' => { autonomous_system_number => 4200000000,
		autonomous_system_organization => 'C' },
]);
