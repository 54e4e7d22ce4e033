import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Runs scenarios side by side, each in a session of its own, and prints one line for each. */
final class Runner {
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    private final String run;
    private final Map<String, Scenario> scenarios;
    private Cluster cluster;
    private volatile boolean failed;

    private Runner(String run, Map<String, Scenario> scenarios) {
        this.run = run;
        this.scenarios = scenarios;
    }

    interface Scenario {
        void run(Session session) throws Exception;
    }

    /** The command line: NAMESRV RUN SCENARIO... Those named in `alone` run after the others, one by one. */
    static void main(String[] args, Map<String, Scenario> scenarios, Set<String> alone) throws Exception {
        if (args.length < 3) {
            System.err.println("usage: NAMESRV RUN all|SCENARIO...   of: " + String.join(" ", scenarios.keySet()));
            System.exit(2);
        }
        System.setOut(System.err);   // clients print what they like
        System.setProperty("rocketmq.client.rebalance.waitInterval", "1000");   // between looks at the queues; by default 20 s
        System.setProperty("rocketmq.client.unlockDelayTimeMills", "1000");   // until a queue is unlocked; by default 20 s
        System.setProperty("rocketmq.client.rebalance.lockInterval", "5000");   // between renewals of locks; by default 20 s
        List<String> names = args[2].equals("all") ? List.copyOf(scenarios.keySet()) : List.of(args).subList(2, args.length);
        for (String name : names) {
            Support.check("no such scenario: " + name, scenarios.containsKey(name));
        }
        Runner runner = new Runner(args[1], scenarios);
        runner.cluster = new Cluster(args[0]);
        runner.together(names.stream().filter(name -> !alone.contains(name)).toList());
        names.stream().filter(alone::contains).forEach(runner::one);
        OUT.flush();
        Runtime.getRuntime().halt(runner.failed ? 1 : 0);
    }

    private void together(List<String> names) throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        for (String name : names) {
            threads.add(new Thread(() -> one(name), name));
            threads.get(threads.size() - 1).start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }

    private void one(String name) {
        long began = System.nanoTime();
        String result = "ok";
        try (Session session = new Session(cluster, name, run)) {
            scenarios.get(name).run(session);
        } catch (Throwable e) {
            failed = true;
            e.printStackTrace();
            result = "FAILED " + reason(e);
        }
        System.err.printf("%s took %.1f s%n", name, (System.nanoTime() - began) / 1e9);
        OUT.println(name + " " + result);
    }

    private static String reason(Throwable e) {
        String own = e instanceof AssertionError ? e.getMessage() : e.toString();
        String cause = e.getCause() == null ? "" : " (" + e.getCause() + ")";
        return (own + cause).replaceAll("\\s+", " ");
    }
}
