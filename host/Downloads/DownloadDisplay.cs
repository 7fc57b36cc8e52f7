using Spectre.Console;

namespace EDA.Host.Downloads;

/// <summary>Shows how a download goes: a bar on a terminal, a line for each tenth elsewhere.</summary>
internal static class DownloadDisplay
{
    private const int Tenths = 10;

    public static Task<T> ShowAsync<T>(string name, Func<Action<long, long?>, Task<T>> download) =>
        Console.IsOutputRedirected || Environment.GetEnvironmentVariable("TERM") == "dumb" ? WithLines(name, download) : WithBar(name, download);

    private static Task<T> WithLines<T>(string name, Func<Action<long, long?>, Task<T>> download)
    {
        long shown = -1;
        return download((there, total) =>
        {
            if (total is not > 0 || Tenths * there / total.Value <= shown)
                return;
            shown = Tenths * there / total.Value;
            Console.WriteLine(FormattableString.Invariant($"{name} {10 * shown,3} %  {there} of {total} bytes"));
        });
    }

    private static Task<T> WithBar<T>(string name, Func<Action<long, long?>, Task<T>> download) => AnsiConsole.Progress()
        .AutoClear(false)
        .Columns(new TaskDescriptionColumn(), new ProgressBarColumn { Width = 32 }, new DownloadedColumn(), new TransferSpeedColumn(), new RemainingTimeColumn())
        .StartAsync(async context =>
        {
            var task = context.AddTask(name);
            task.IsIndeterminate = true;
            return await download((there, total) =>
            {
                if (total is { } known)
                    (task.IsIndeterminate, task.MaxValue) = (false, Math.Max(known, 1));
                task.Value = there;
            }).ConfigureAwait(false);
        });
}
