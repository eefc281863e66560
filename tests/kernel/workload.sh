#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# workload.sh PROGRAM, in a root file system in the guest: starts the server, lets a client use it, says so in /tmp/ok and
# /tmp/done, and keeps the server up until /tmp/stop is there.
# shellcheck disable=SC2086
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/tmp
cd /tmp || exit 1
box=/tmp/busybox
as() { user=$1 && shift && setpriv --reuid="$user" --regid="$user" --init-groups "$@"; }

# until_up SECONDS COMMAND...
until_up() {
	left=$1
	shift
	until "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		[ "$left" -gt 0 ] || return 1
		sleep 1
	done
}

redis() {
	redis-server --save '' --dir /tmp --bind 127.0.0.1 &
	until_up 60 redis-cli -e ping && redis-benchmark -q -n 3000 -c 10 -t ping,set,get,incr,lpush,rpop,sadd,hset
}

# Files as they come, through read(2): sendfile does not use shared pages (nginx-sendfile shows that).
nginx() {
	cat >/tmp/nginx.conf <<-END
		user www-data; pid /tmp/nginx.pid; error_log stderr; worker_processes 2;
		events { }
		http {
			access_log off; sendfile ${1:-off};
			client_body_temp_path /tmp/1; proxy_temp_path /tmp/2; fastcgi_temp_path /tmp/3; uwsgi_temp_path /tmp/4;
			scgi_temp_path /tmp/5;
			server { listen 127.0.0.1:8080; root /usr; }
		}
	END
	command nginx -c /tmp/nginx.conf -g 'daemon off;' &
	until_up 60 $box wget -q -O /dev/null http://127.0.0.1:8080/lib/os-release || return
	find /usr/lib /usr/share -type f -perm -o=r -size +0 | sort | $box awk 'NR % 4 == 0' | grep -v '[^A-Za-z0-9/._-]' |
		while read -r path; do
			$box wget -q -O /dev/null "http://127.0.0.1:8080/${path#/usr/}" || echo "not served: $path"
		done >/tmp/not-served
	head /tmp/not-served
	[ ! -s /tmp/not-served ]
}

postgres() {
	# The cluster that the package made.
	where=/var/lib/postgresql/15/main bin=/usr/lib/postgresql/15/bin
	mkdir -p /run/postgresql && chown postgres /run/postgresql
	as postgres $bin/postgres -D $where -c config_file=/etc/postgresql/15/main/postgresql.conf -c ssl=off &
	until_up 120 as postgres $bin/pg_isready -h /run/postgresql || return
	as postgres $bin/createdb -h /run/postgresql bench && as postgres $bin/pgbench -h /run/postgresql -q -i -s 1 bench &&
		as postgres $bin/pgbench -h /run/postgresql -c 4 -t 100 bench
}

mariadb() {
	mkdir -p /run/mysqld && chown mysql /run/mysqld
	mariadbd --user=mysql --skip-log-error &
	until_up 120 mariadb-admin ping || return
	mariadb-slap --auto-generate-sql --concurrency=4 --number-of-queries=400 --auto-generate-sql-load-type=mixed
}

tomcat() {
	export CATALINA_HOME=/usr/share/tomcat10 CATALINA_BASE=/var/lib/tomcat10 CATALINA_TMPDIR=/tmp JAVA_OPTS='-Xmx192m -Xshare:auto'
	[ "$JAVA_HOME" ] || JAVA_HOME=$(dirname "$(dirname "$(readlink -f /usr/bin/java)")")
	export JAVA_HOME
	sh $CATALINA_HOME/bin/catalina.sh run &
	until_up 400 $box wget -q -O /dev/null http://127.0.0.1:8080/ || return
	for _ in 1 2 3 4 5 6 7 8 9 10; do $box wget -q -O /dev/null http://127.0.0.1:8080/ || return; done
}

node() {
	command node -e '
		const http = require("http"), zlib = require("zlib"), crypto = require("crypto");
		http.createServer((request, response) => {
			const body = crypto.createHash("sha256").update(request.url).digest("hex");
			response.end(zlib.gzipSync(body.repeat(100)));
		}).listen(8080, "127.0.0.1");' &
	until_up 200 $box wget -q -O /dev/null http://127.0.0.1:8080/ || return
	for page in $(seq 200); do $box wget -q -O /dev/null "http://127.0.0.1:8080/$page" || return; done
}

# A model of two layers learns sums; the process stays, as one that serves the model would.
tensorflow() {
	cd /srv/app || return
	command node -e '
		const tf = require("@tensorflow/tfjs"), wasm = require("@tensorflow/tfjs-backend-wasm");
		const { dirname } = require("path"), { writeFileSync } = require("fs");
		wasm.setWasmPaths(dirname(require.resolve("@tensorflow/tfjs-backend-wasm")) + "/");
		const dense = (units, more) => tf.layers.dense({ units, ...more });
		const train = async () => {
			if (!await tf.setBackend("wasm")) throw new Error("no WebAssembly backend");
			const model = tf.sequential({ layers: [dense(16, { activation: "relu", inputShape: [4] }), dense(1)] });
			model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
			const x = tf.randomUniform([64, 4], -1, 1, "float32", 1);
			const { loss } = (await model.fit(x, x.sum(1, true), { epochs: 10, verbose: 0 })).history;
			if (!(loss[9] < loss[0])) throw new Error("the loss does not fall: " + loss);
			writeFileSync("/tmp/trained", "");
			setInterval(() => { }, 1000);
		};
		train().catch((err) => { console.error(err); process.exit(1); });' &
	until_up 400 [ -e /tmp/trained ]
}

case $1 in
redis | nginx | postgres | mariadb | tomcat | node | tensorflow) "$1" && : >/tmp/ok ;;
nginx-sendfile) nginx on && : >/tmp/ok ;;
esac
: >/tmp/done
# The first process of its namespace: the servers end with it.
until [ -e /tmp/stop ]; do sleep 1; done
