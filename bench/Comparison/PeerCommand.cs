using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using EDA.Bench.Devices;
using EDA.Bench.Kernels;
using EDA.Bench.Peaks;
using EDA.Bench.Steps;
using EDA.Host.CommandLine;
using EDA.Host.Devices;
using EDA.Host.Reports;
using EDA.Kernels;

namespace EDA.Bench.Comparison;

/// <summary>
/// eda bench peer: the engine's side of a comparison, a process of its own that runs steps on request. A line of JSON on
/// standard input asks, a line on standard output answers, as bench/gpu/peers/pytorch_peer.py does for PyTorch:
/// {"run": STEP, "count": N} gives {"seconds": S}, {"run": "peak"} the peak so far as {"gflops": G, "arithmetic": WORDS}
/// after one more turn, {"stages": [[ARGUMENT, …], …]} runs commands of `eda` one after the other. The end of the input
/// ends it. Not meant for people, and not listed.
/// </summary>
internal static class PeerCommand
{
    public const string Name = "peer";

    public static Command Create()
    {
        var device = DeviceOptions.Device();
        var precision = DeviceOptions.Precision();
        var small = new Option<bool>("--small");
        var sampleStates = new Option<string?>("--sample-states");
        var command = new Command(Name, "answers eda bench compare") { device, precision, small, sampleStates };
        command.Hidden = true;
        command.SetAction(result =>
        {
            var choice = DeviceOptions.Choice(result, device, precision);
            var size = result.GetValue(small) ? WorkloadSize.Small : WorkloadSize.Published;
            size = size with { SampleStates = DeviceOptions.WholeNumber(result, sampleStates, 1, 1 << 20) ?? size.SampleStates };
            // Whatever a command says, the answers are all that goes out.
            var answers = Console.Out;
            Console.SetOut(TextWriter.Null);
            Serve(choice, size, Console.In, answers);
            return ExitStatus.Success;
        });
        return command;
    }

    /// <summary>Answers until the input ends.</summary>
    public static void Serve(DeviceChoice choice, WorkloadSize size, TextReader input, TextWriter output)
    {
        using var device = choice.Open();
        // On a processor arithmetic alone: the load of its memory holds memory that would count as the engine's.
        using var meter = device is IMeasuredDevice ? PeakMeter.For(device) : null;
        var multiplyAdds = new FmaPeak(DeviceChoice.Options().Threads);
        StepSource? source = null;
        OpenStep? step = null;
        string? open = null;
        Answer(new JsonObject
        {
            ["program"] = (device as IReferenceDevice)?.Program ?? "eda",
            ["version"] = (device as IReferenceDevice)?.Version ?? ProgramVersion.Engine,
            ["device"] = device.Name,
            ["precision"] = device.PrecisionName,
            ["threads"] = DeviceChoice.Options().Threads,
        });
        try
        {
            while (input.ReadLine() is { } line)
                Answer(Do(JsonNode.Parse(line)!.AsObject()));
        }
        finally
        {
            step?.Dispose();
            source?.Dispose();
        }

        void Answer(JsonObject answer)
        {
            output.WriteLine(answer.ToJsonString());
            output.Flush();
        }

        JsonObject Do(JsonObject request)
        {
            if (request["stages"] is JsonArray stages)
                return Stages([.. stages.Select(stage => stage!.AsArray().Select(word => word!.GetValue<string>()).ToArray())]);
            string name = request["run"]!.GetValue<string>();
            if (name == "peak")
            {
                meter?.Measure();
                if (meter is null)
                    multiplyAdds.Measure();
                return meter is null
                    ? new JsonObject { ["gflops"] = multiplyAdds.Gflops, ["arithmetic"] = $"{multiplyAdds.Best} multiply-adds on registers, {DeviceChoice.Options().Threads} threads" }
                    : new JsonObject { ["gflops"] = meter.Peaks.Gflops, ["arithmetic"] = meter.Peaks.Arithmetic };
            }

            if (name != open)
            {
                step?.Dispose();
                (step, open) = (null, null);
                source ??= new StepSource(device, size);
                (step, open) = (source.Open(name), name);
            }

            device.Synchronize();
            long start = Stopwatch.GetTimestamp();
            step!.Run(request["count"]!.GetValue<int>());
            device.Synchronize();
            return new JsonObject { ["seconds"] = Stopwatch.GetElapsedTime(start).TotalSeconds, ["work"] = step.Work };
        }
    }

    private static JsonObject Stages(string[][] stages)
    {
        long start = Stopwatch.GetTimestamp();
        foreach (string[] arguments in stages)
        {
            int status = EdaCommandLine.InvokeAsync(arguments).GetAwaiter().GetResult();
            if (status != ExitStatus.Success)
                return new JsonObject { ["error"] = $"eda {string.Join(' ', arguments)} ended with status {status}" };
        }

        return new JsonObject { ["seconds"] = Stopwatch.GetElapsedTime(start).TotalSeconds };
    }
}
