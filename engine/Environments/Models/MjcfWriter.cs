using System.Globalization;
using System.Text;
using System.Xml;

namespace EDA.Engine.Environments.Models;

/// <summary>Writes a model as MJCF, MuJoCo's XML, with every number in full.</summary>
public static class MjcfWriter
{
    /// <summary>Writes a model.</summary>
    /// <param name="model">The model.</param>
    /// <returns>The text.</returns>
    public static string Write(ModelDescription model)
    {
        var text = new StringBuilder();
        using (var xml = XmlWriter.Create(text, new XmlWriterSettings { Indent = true, OmitXmlDeclaration = true }))
        {
            xml.WriteStartElement("mujoco");
            xml.WriteAttributeString("model", model.Name);
            Element(xml, "compiler", ("angle", model.Degrees ? "degree" : "radian"), ("inertiafromgeom", "true"), ("settotalmass", Optional(model.TotalMass)));
            Element(xml, "option", ("timestep", Text(model.Timestep)), ("integrator", model.Integrator == Integrator.Euler ? "Euler" : "RK4"), ("gravity", "0 0 -9.81"));
            xml.WriteStartElement("worldbody");
            Write(xml, new Geometry("floor", new Shape.Ground(), model.Ground));
            Write(xml, model.Robot);
            foreach (var wall in model.Walls)
                Write(xml, wall);
            xml.WriteEndElement();
            xml.WriteStartElement("actuator");
            foreach (var motor in model.Motors)
                Element(xml, "motor", ("joint", motor.Joint), ("gear", Text(motor.Gear)), ("ctrllimited", "true"), ("ctrlrange", Text(-motor.Limit, motor.Limit)));
            xml.WriteEndElement();
            xml.WriteEndElement();
        }

        return text.ToString();
    }

    private static void Write(XmlWriter xml, Body body)
    {
        xml.WriteStartElement("body");
        xml.WriteAttributeString("name", body.Name);
        xml.WriteAttributeString("pos", Text(body.Position));
        foreach (var joint in body.Joints)
            Write(xml, joint);
        foreach (var geometry in body.Geometries)
            Write(xml, geometry);
        foreach (var child in body.Children)
            Write(xml, child);
        xml.WriteEndElement();
    }

    private static void Write(XmlWriter xml, Joint joint) => Element(
        xml,
        "joint",
        ("name", joint.Name),
        ("type", joint.Kind.ToString().ToLowerInvariant()),
        ("axis", joint.Kind == JointKind.Free ? null : Text(joint.Axis)),
        ("pos", joint.Kind == JointKind.Free ? null : Text(joint.Position)),
        ("limited", joint.Range is null ? "false" : "true"),
        ("range", joint.Range is { } range ? Text(range.Least, range.Most) : null),
        ("ref", joint.Reference == 0 ? null : Text(joint.Reference)),
        ("armature", Text(joint.Armature)),
        ("damping", Text(joint.Damping)),
        ("stiffness", Text(joint.Stiffness)),
        ("solreflimit", Reference(joint.LimitResponse)),
        ("solimplimit", Impedance(joint.LimitResponse)));

    private static void Write(XmlWriter xml, Geometry geometry)
    {
        var (type, form) = geometry.Shape switch
        {
            Shape.Capsule capsule => ("capsule", [("pos", Text(capsule.Centre)), ("size", Text(capsule.Radius, capsule.HalfLength)), ("quat", capsule.Tilt == 0 ? null : Text(Math.Cos(capsule.Tilt / 2), 0, Math.Sin(capsule.Tilt / 2), 0))]),
            Shape.Rod rod => ("capsule", [("fromto", Text(rod.From) + " " + Text(rod.To)), ("size", Text(rod.Radius))]),
            Shape.Sphere sphere => ("sphere", [("size", Text(sphere.Radius))]),
            Shape.Box box => ("box", [("pos", Text(box.Centre)), ("size", Text(box.HalfSize))]),
            _ => ("plane", new (string, string?)[] { ("size", Text(40, 40, 40)) }),
        };
        var surface = geometry.Surface;
        Element(
            xml,
            "geom",
            [
                ("name", geometry.Name),
                ("type", type),
                .. form,
                ("density", Text(surface.Density)),
                ("friction", Text(surface.Sliding, surface.Torsional, surface.Rolling)),
                ("condim", surface.ContactDimensions.ToString(CultureInfo.InvariantCulture)),
                ("margin", Text(surface.Margin)),
                ("contype", "1"),
                ("conaffinity", surface.Touchable ? "1" : "0"),
                ("solref", Reference(surface.Response)),
                ("solimp", Impedance(surface.Response)),
            ]);
    }

    private static void Element(XmlWriter xml, string name, params ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        xml.WriteStartElement(name);
        foreach (var (attribute, value) in attributes)
        {
            if (value is not null)
                xml.WriteAttributeString(attribute, value);
        }

        xml.WriteEndElement();
    }

    private static string Reference(SolverResponse response) => Text(response.TimeConstant, response.DampingRatio);

    private static string Impedance(SolverResponse response) => Text(response.LeastImpedance, response.MostImpedance, response.Width);

    private static string? Optional(double? value) => value is { } number ? Text(number) : null;

    private static string Text(Point point) => Text(point.X, point.Y, point.Z);

    private static string Text(params ReadOnlySpan<double> values)
    {
        var text = new StringBuilder();
        foreach (double value in values)
            text.Append(text.Length > 0 ? " " : string.Empty).Append(value.ToString("R", CultureInfo.InvariantCulture));
        return text.ToString();
    }
}
