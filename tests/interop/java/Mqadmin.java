import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.PosixParser;
import org.apache.commons.cli.Options;
import org.apache.rocketmq.srvutil.ServerUtil;
import org.apache.rocketmq.tools.command.MQAdminStartup;
import org.apache.rocketmq.tools.command.SubCommand;

/** Runs commands of mqadmin in this process, as MQAdminStartup does. What they print is given; on standard error is only the log. */
final class Mqadmin {
    private static final ThreadLocal<ByteArrayOutputStream> PRINTED = new ThreadLocal<>();
    private static final PrintStream OTHERWISE = System.err;
    private static List<SubCommand> commands;
    private static long lastTurn;

    Mqadmin(String namesrv) {
        System.setProperty("rocketmq.namesrv.addr", namesrv);
        synchronized (Mqadmin.class) {
            if (commands == null) {
                commands = commands();
                System.setOut(new PrintStream(new ToEachThread(), true, StandardCharsets.UTF_8));
            }
        }
    }

    /** The list's name is not the same in all versions. */
    @SuppressWarnings("unchecked")
    private static List<SubCommand> commands() {
        MQAdminStartup.initCommand();
        try {
            for (Field field : MQAdminStartup.class.getDeclaredFields()) {
                if (field.getType() == List.class) {
                    field.setAccessible(true);
                    return (List<SubCommand>) field.get(null);
                }
            }
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
        throw new IllegalStateException("no list of commands in MQAdminStartup");
    }

    String run(String... args) {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PRINTED.set(printed);
        try {
            execute(args);
        } catch (Throwable e) {
            e.printStackTrace(new PrintWriter(new PrintStream(printed, true, StandardCharsets.UTF_8), true));
        } finally {
            PRINTED.remove();
        }
        return printed.toString(StandardCharsets.UTF_8);
    }

    private static SubCommand command(String name) {
        return commands.stream().filter(each -> each.commandName().equals(name)).findFirst()
            .orElseThrow(() -> new IllegalArgumentException("no such command: " + name));
    }

    private static Options options(SubCommand command) {
        return command.buildCommandlineOptions(ServerUtil.buildCommandlineOptions(new Options()));
    }

    /** Whether the command of this version has the option. */
    boolean knows(String name, String option) {
        return options(command(name)).hasOption(option);
    }

    private static void execute(String[] args) throws Exception {
        SubCommand command = command(args[0]);
        Options options = options(command);
        CommandLine line = new PosixParser().parse(options, Arrays.copyOfRange(args, 1, args.length));
        awaitTurn();
        command.execute(line, options, null);
    }

    /** Commands name their client by the millisecond in which they begin; two of one name would disturb each other. */
    private static synchronized void awaitTurn() throws InterruptedException {
        long turn = lastTurn + 40;
        Support.until("a millisecond of its own", () -> System.currentTimeMillis() >= turn);
        lastTurn = System.currentTimeMillis();
    }

    /** What a thread that runs a command prints is the command's. */
    private static final class ToEachThread extends OutputStream {
        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int count) throws IOException {
            ByteArrayOutputStream mine = PRINTED.get();
            if (mine != null) {
                mine.write(bytes, from, count);
            } else {
                OTHERWISE.write(bytes, from, count);
            }
        }
    }
}
