using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using EDA.Bench.Devices;
using EDA.Bench.Kernels;
using EDA.Bench.Peaks;
using EDA.Bench.Timing;
using EDA.Host.CommandLine;
using EDA.Host.Devices;
using EDA.Host.Reports;

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
        var options = new MeasurementOptions("answers", _ => false);
        var sampleStates = new Option<string?>("--sample-states");
        var command = options.Create(Name, "answers eda bench compare", [sampleStates], result =>
        {
            // Whatever a command says, the answers are all that goes out.
            var answers = Console.Out;
            Console.SetOut(TextWriter.Null);
            var size = WorkloadSize.Of(options.IsSmall(result));
            Serve(options.Device(result), size with { SampleStates = MeasurementOptions.WholeNumber(result, sampleStates, 1, 1 << 20) ?? size.SampleStates }, Console.In, answers);
            return ExitStatus.Success;
        });
        command.Hidden = true;
        return command;
    }

    /// <summary>Answers until the input ends.</summary>
    public static void Serve(DeviceChoice choice, WorkloadSize size, TextReader input, TextWriter output)
    {
        using var device = choice.Open();
        // On a processor arithmetic alone: the load of its memory holds memory that would count as the engine's.
        using var meter = PeakMeter.For(device, copies: false);
        using var workload = new Workload(device, size);
        WorkloadStep? step = null;
        Answer(new JsonObject
        {
            ["program"] = (device as IReferenceDevice)?.Program ?? "eda",
            ["version"] = (device as IReferenceDevice)?.Version ?? ProgramVersion.Engine,
            ["device"] = device.Name,
            ["precision"] = device.PrecisionName,
            ["threads"] = DeviceChoice.Options().Threads,
        });
        while (input.ReadLine() is { } line)
            Answer(Do(JsonNode.Parse(line)!.AsObject()));

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
                meter.Measure();
                return new JsonObject { ["gflops"] = meter.Peaks.Gflops, ["arithmetic"] = meter.Peaks.Arithmetic };
            }

            // As a reference holds data and models of all steps, whichever it is asked for: memory is compared too.
            _ = workload.Stages;
            if (name != step?.Name)
                step = workload.Step(name);
            double seconds = DeviceClock.HostSeconds(device, () => step.Repeat(request["count"]!.GetValue<int>()));
            return new JsonObject { ["seconds"] = seconds, ["work"] = step.Work, ["what"] = step.What };
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
